;;; SPDX-License-Identifier: MIT
;;;
;;; get.lisp HOST PORT CA: asks a server on loopback by cl+ssl, which looks libssl's functions up.

(require :asdf)

(handler-bind ((warning #'muffle-warning))
  (let ((*standard-output* (make-broadcast-stream))
        (*error-output* (make-broadcast-stream)))
    (asdf:load-system :cl+ssl)))

(defun ask (host port)
  (let ((socket (make-instance 'sb-bsd-sockets:inet-socket :type :stream :protocol :tcp))
        (request (format nil "GET / HTTP/1.0~C~C~C~C" #\Return #\Newline #\Return #\Newline)))
    (sb-bsd-sockets:socket-connect socket #(127 0 0 1) port)
    (let ((tls (cl+ssl:make-ssl-client-stream
                (sb-bsd-sockets:socket-make-stream socket :input t :output t
                                                          :element-type '(unsigned-byte 8))
                :hostname host :verify :required)))
      (write-sequence (map '(vector (unsigned-byte 8)) #'char-code request) tls)
      (finish-output tls)
      (loop for byte = (read-byte tls)
            until (= byte 10)
            do (write-char (code-char byte))))))

(destructuring-bind (host port ca) (rest sb-ext:*posix-argv*)
  (handler-case
      (cl+ssl:with-global-context ((cl+ssl:make-context :verify-location ca) :auto-free-p t)
        (ask host (parse-integer port)))
    (error (problem)
      (declare (ignorable problem))
      (format *error-output* "refused~%")
      (sb-ext:exit :code 3 :abort t))))
